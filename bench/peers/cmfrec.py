"""cmfrec: alternating least squares for ratings."""

import cmfrec

PACKAGES = ["cmfrec"]
