"""Parts that follow planned steps with an arm: MoveIt, its planning scene, grippers."""
