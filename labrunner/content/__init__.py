"""From the labs' Markdown to the model: find the files, parse them, exchange variables."""
