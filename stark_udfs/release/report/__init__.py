"""`stark report`: one HTML file that tells what a data set holds and how far it can be trusted."""
