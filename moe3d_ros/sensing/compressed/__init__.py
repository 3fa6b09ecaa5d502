"""Compressed sensor messages, as image_transport's and point_cloud_transport's plugins make them."""
