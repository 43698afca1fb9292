"""What lists and relates objects of any type: requests, rows, marks, trees. The screens are in `tui/screens`."""
