"""What a track looks like and has with it, from all its sights together: colours, a bag, what plug-ins say."""
