# tick 7222, loop: frame 594 from bond0 came back to it
seed 900956
calm 7710
events off
card e0 02:00:00:00:0a:00 1000
card e1 02:00:00:00:0a:01 1000
card s0a 02:00:00:00:0c:00 1000
card s1a 02:00:00:00:0c:01 1000
card s2a 02:00:00:00:0c:02 1000
switch sw0
wire e0 sw0
wire e1 sw0
wire s0a sw0
wire s1a sw0
wire s2a sw0
bond bond0 e0 e1 mode=1 address=10.0.0.1/24,fd10::1/64
station s0 10.0.0.11 s0a
station s1 10.0.0.12 s1a
station s2 10.0.0.13 s2a
flow s0 bond0 udp6 62
flow bond0 s1 udp 103
flow s1 bond0 udp6 66
flow bond0 s2 udp 71
flow s2 bond0 udp 59
flow bond0 s0 broadcast 97
at 5673 noise e1 128 0 354 0 0
at 7210 link e0 down
