"""The broker: one limit for calls in flight, requests, tokens and money over the whole cluster."""
