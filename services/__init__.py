"""Every process of the service, and all of its input and output."""
