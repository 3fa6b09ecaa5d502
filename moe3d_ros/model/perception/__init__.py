"""From patches of voxels to object tokens."""
