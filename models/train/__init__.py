"""How `lamppost-nano` is made: pictures, teacher, net, training, export. Never part of the product; see README.md."""
