"""What engines of real workers share, over whatever carries their messages: node, journal, road, reports."""
