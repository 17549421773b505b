// Replaced by the module's first files.
