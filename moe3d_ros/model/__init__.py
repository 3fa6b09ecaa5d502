"""3D-MoE: voxel patches, 3D encoder, projection, mixture-of-experts LLM and Pose-DiT (torch, no ROS)."""
