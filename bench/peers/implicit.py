"""implicit: alternating least squares for implicit feedback."""

import implicit

PACKAGES = ["implicit"]
