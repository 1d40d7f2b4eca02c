# tick 4413, two paths: bond0 sends frame 85 on e0, and the plan below on port 1
seed 904036
calm 4872
events off
card e0 02:00:00:00:0a:00 1000
card e1 02:00:00:00:0a:01 1000
card s0a 02:00:00:00:0c:00 1000
switch sw0
wire e0 sw0
wire e1 sw0
wire s0a sw0
bond bond0 e0 e1 mode=6 miimon=250 primary=e1 rebalance=kernel address=10.0.0.1/24,fd10::1/64
station s0 10.0.0.11 s0a
flow bond0 s0 udp 119
flow s0 bond0 udp 93
at 2985 noise e1 0 95 73 0 112
at 3001 release bond0 e0
at 3013 enslave bond0 e0
at 4314 set bond0 active_slave e0
at 4342 card e1 out
at 4372 card e1 in
