# tick 11318, duplicate: frame 257 from s0 reached bond0 twice
seed 7026
calm 11803
events off
card e0 02:00:00:00:0a:00 1000
card e1 02:00:00:00:0a:01 1000
card s0a 02:00:00:00:0c:00 1000
switch sw0
wire e0 sw0
wire e1 sw0
wire s0a sw0
wire s1a sw0
wire s1b sw0
bond bond0 e0 e1 mode=1 downdelay=100 address=10.0.0.1/24,fd10::1/64
station s0 10.0.0.11 s0a
flow s0 bond0 udp 44
at 11291 link e0 down
at 11303 link e0 up
