"""The ground in front of a camera: where in the world something stands that stands there in the picture."""
