"""The palette: commands, resource types, namespaces, contexts and objects, found by what is typed after `:`."""
