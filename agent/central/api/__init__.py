"""The HTTP side: `/api/v1`, live pictures, news, and the viewer's pages."""
