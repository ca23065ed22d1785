"""The peers of the bench, a file each, and the process that serves one of them."""
