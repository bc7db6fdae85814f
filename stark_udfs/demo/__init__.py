"""What the demo needs and the product does not: an author and drawings that work offline."""
