"""The `qatk` command: one file a subcommand, each thin over the library function of its name."""
