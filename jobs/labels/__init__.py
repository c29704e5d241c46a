"""From silver to the labels of days whose whole window has arrived: what training, the gate and monitoring share."""
