"""Things left behind and taken away, of any class: what lies still and was not there, and what is gone."""
