"""The beginning of one's own plugin: a distribution that works, written from a template of its kind."""

from ymltrain.authoring.distribution import WrittenDistribution, write_distribution
from ymltrain.authoring.templates import kinds_with_templates

__all__ = ["WrittenDistribution", "kinds_with_templates", "write_distribution"]
