# tick 1724, one address twice: bond0: e0 and e5 have 02:00:00:00:0a:05
seed 123
calm 1724
card e0 02:00:00:00:0a:00 1000
card e1 02:00:00:00:0a:01 1000
card e5 02:00:00:00:0a:05 1000
switch sw0
switch sw1
bond bond0 e0 e1 e5 mode=1 fail_over_mac=follow address=10.0.0.1/24,fd10::1/64
at 1090 activate bond0 e5
at 1503 change bond0 active_slave e1
at 1723 release bond0 e5
