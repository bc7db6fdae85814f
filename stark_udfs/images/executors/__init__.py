"""What answers orders: one file for each way to come by a picture, and one that rates."""
