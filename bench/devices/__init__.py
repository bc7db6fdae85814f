"""Pictures a second for many devices that sleep."""
