"""Conformance kits, one module per plugin kind: subclass a `<Kind>Kit` in a test module and say how to make yours."""
