"""SPAMS: dictionary learning."""

import spams

PACKAGES = ["spams-bin"]
