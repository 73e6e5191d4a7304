"""Tests of ymltrain-sql."""
