"""The pages candidates and proctors use, and the server's side of them."""
