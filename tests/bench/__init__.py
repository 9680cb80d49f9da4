"""`make bench`: the service beside a floor, one worker each on one core."""
