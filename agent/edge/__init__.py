"""The composition root of the gateway: builds everything, supervises, reports health."""
