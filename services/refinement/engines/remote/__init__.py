"""Engines that have a picture edited by a provider on the internet, for money."""
