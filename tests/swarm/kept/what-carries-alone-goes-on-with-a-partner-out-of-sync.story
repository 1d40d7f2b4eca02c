# tick 44470, unusable port: bond2 sent frame 541 on p2, which carries nothing
seed 920945
calm 39734
card e0 02:00:00:00:0a:00 1000
card p0 02:00:00:00:0b:00 1000
card e2 02:00:00:00:0a:02 1000
card p2 02:00:00:00:0b:02 1000
wire e0 p0
wire e1 p1
wire e2 p2
bond bond0 e0 e2 mode=4 address=10.0.0.1/24,fd10::1/64
bond bond1 p0 mode=4 address=10.0.0.2/24,fd10::2/64
bond bond2 p2 mode=4 lacp_rate=fast address=10.0.0.3/24,fd10::3/64
flow bond2 bond0 udp6 60
at 10897 link p0 down
at 11143 link p0 up
at 13155 link p2 down
at 13161 link p2 up
at 22285 refuse e2 16
