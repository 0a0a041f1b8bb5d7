"""What the centre keeps: tables, migrations, how messages become rows, and the questions asked of them."""
