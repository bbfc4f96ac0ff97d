"""The report as one HTML file that opens offline, with charts and a table of all examples."""
