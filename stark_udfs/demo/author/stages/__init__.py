"""What the offline author answers, a module for each stage."""
