"""What a run is on disk: its folder, how it begins, goes on after any crash, and ends."""
