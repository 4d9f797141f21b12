"""Listed areas 挂牌整治地区 (S34): places under measures for a time, from the proposal to the re-check."""
