"""digest turns news feeds into a daily e-mail newsletter."""

__version__ = "0.1.0"
