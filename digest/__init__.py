"""digest turns news feeds into a daily e-mail newsletter."""

__version__ = "1.0.0"
