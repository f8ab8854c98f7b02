"""A whole system, its servers and its network, broken at moments that a seed decides."""
