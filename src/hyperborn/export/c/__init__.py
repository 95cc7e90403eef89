"""Networks as C99: a header and a source without dependencies or heap, and what reads rows and checks them."""
