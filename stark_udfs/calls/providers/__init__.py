"""The model servers: clients and transports."""
