"""What kdash knows of a kind beyond the API: columns, states, details. A kind is one module in `catalog/`."""
