"""What clients can change: one file a noun, one function a mutation, in the order check, change, answer."""
