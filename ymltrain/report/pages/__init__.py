"""Pages of one subject each, made of the parts in `ymltrain.report.html`."""
