"""The network: the only user of kubernetes_asyncio. Configuration, credentials, raw streams, errors."""
