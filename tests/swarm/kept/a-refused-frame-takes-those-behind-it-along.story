# tick 4220, unusable port: bond0 sent frame 105 on e0, which carries nothing
seed 6120
calm 12034
events off
card e0 02:00:00:00:0a:00 1000
card e4 02:00:00:00:0a:04 1000
card s0a 02:00:00:00:0c:00 1000
switch sw0
switch sw1
wire sw0 sw1
wire e0 sw0
wire e1 sw0
wire e2 sw1
wire e3 sw0
wire e4 sw1
wire e5 sw0
wire s0a sw1
wire s0b sw0
wire s1a sw1
bond bond0 e0 e4 mode=1 address=10.0.0.1/24,fd10::1/64
station s0 10.0.0.11 s0a
flow bond0 s0 udp6 33
at 2136 set bond0 active_slave e4
at 3457 kill 763
at 3580 link e4 down
